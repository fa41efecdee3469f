"""Export of encoders to ONNX: `onnx_graphs` writes the graphs, `comparison` measures similarity and speed.

`export` does both; `ltr_plugin.encoders.onnx_runtime` runs the exported encoder.
"""
