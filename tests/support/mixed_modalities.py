"""A feature set of text, photos and behaviour, with every kind of column that a fusion network distinguishes."""

from ltr_plugin.features.feature_set import FeatureSet

MIXED = FeatureSet.model_validate(
    {
        "name": "mixed",
        "version": 1,
        "features": [
            {"kind": "query_flag", "name": "has_text", "modality": "query", "parameter": "text"},
            {"kind": "query_flag", "name": "has_photo", "modality": "query", "parameter": "image_vector"},
            {"kind": "match", "name": "title", "modality": "text", "field": "title.stem"},
            {
                "kind": "similarity",
                "name": "meaning",
                "modality": "text",
                "query_vector": "text_vector",
                "field": "text_vector",
            },
            {
                "kind": "similarity",
                "name": "photo",
                "modality": "image",
                "query_vector": "image_vector",
                "field": "image_vector",
            },
            {
                "kind": "similarity",
                "name": "words_photo",
                "modality": "image",
                "query_vector": "image_text_vector",
                "field": "image_vector",
            },
            {"kind": "derived", "name": "both", "modality": "image", "expression": "photo + title / (title + 8)"},
            {"kind": "field_value", "name": "price", "modality": "behaviour", "field": "price"},
        ],
    }
)
