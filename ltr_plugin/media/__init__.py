"""Media of products, from a reference to the item that an encoder prepares: one module for each modality (`openers`).

Catalogs are untrusted. These limits bound the cost of one medium in each thread that opens media:

- bytes: MAX_BYTES of each modality, checked while reading (`reading`, `fetching`); nothing is unpacked before
- waiting: pipes, devices and folders are not opened; a server has TIMEOUT_S for the whole request, and a host that
  mostly fails is not called for a while (`hosts`). Not bounded: host lookups of the operating system, and reads from a
  network folder
- pixels: checked in the header before decoding (`images`, `video`), and inside FFmpeg's decoders (`containers`)
- length: the first minute of audio is decoded; of a video, whose length and number of frames are limited, two dozen
  frames and the frames that they depend on
- decoding time: MAX_DECODING_S, checked at each read of the decoder: every 4 kB of a photo, every packet of a video.
  WebP, AVIF and some TIFFs are decoded in one step, bounded by the limit of pixels
- memory: all threads of a process share two budgets (`memory`), for files and for what decoders hold. A video takes
  twice its bytes, and the index of an MP4, which is refused when it declares more samples than bytes
- decoders: only those of FORMATS are used; none of them runs a program, or opens another file or host
"""
