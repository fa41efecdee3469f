"""Encoders made smaller and faster: `graphs` writes them for ONNX Runtime, `comparison` says what that costs and gains.

`export` does both; `ltr_plugin.encoders.onnx_runtime` runs what comes out.
"""
