"""The HTTP service: searches by text, photo, voice and sound for storefronts in any language (`ltr serve`).

`app` puts it together. `configuration` is what it is started with, `state` what its routes share, `models` the forms of
requests and responses, and `routes/` has a module for each group of paths. `encoding` turns what shoppers send into
vectors: `batches` lets requests at the same time share an encoder's work, in the process of `encoder_process`.
`speech` turns what they say into words. `model_loading` loads their models again when a process dies. `uploads` reads
forms, `keys`, `limits` and `signing` say who may do what, and `metrics` counts.
"""
