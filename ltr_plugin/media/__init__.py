"""Media of products, from reference to what an encoder prepares: one file for each modality, listed in `opening.py`.

Catalogs are untrusted. What bounds the cost of one medium, beside the number of threads that open them:

- bytes: each modality's MAX_BYTES, at the first byte too many (`reading`, `fetching`); nothing is unpacked on the way
- waiting: pipes, devices and folders are not opened; a server has TIMEOUT_S for all of it. Not bounded here: the time
  that the operating system takes to look up a host, or to read from a folder on a network
- pixels: refused from the header, before decoding (`images`, `video`), and inside FFmpeg's decoders (`containers`)
- length: the first minute of a sound is heard; of a film, whose length and frames are limited, two dozen frames are
  shown, and only what they depend on is decoded
- time to decode: MAX_DECODING_S, looked at whenever a decoder comes back for more, which is every 4 kB of a photo and
  every packet of a film; WebP, AVIF and some TIFFs are decoded in one go, for which the pixels are the bound
- memory: a photo holds its pixels some three times over while it is opened; a film twice its bytes, two dozen frames,
  and the index of an MP4, which is refused when it says more than there are bytes for
- decoders: only those of FORMATS are tried; none of them runs a program, or opens another file or host
"""
