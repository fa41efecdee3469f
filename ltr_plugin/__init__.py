"""Multimodal learning to rank for OpenSearch and Elasticsearch."""

__version__ = "0.1.0"
