"""Audio files made by tests."""

import io
import struct

import numpy as np


def tone(seconds=1.0, rate=44_100, hertz=440.0, level=0.5):
    """A tone that begins and ends softly."""
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * time) * np.minimum(1, 20 * np.minimum(time, seconds - time))).astype(
        "f4"
    )


def wav(samples, rate=44_100, bits=16):
    """A WAV file of samples (n,) or (n, channels) between -1 and 1; 32 and 64 bits are floats."""
    samples = np.asarray(samples, np.float64).reshape(len(samples), 1 if np.ndim(samples) == 1 else -1)
    if bits >= 32:
        data = samples.astype(f"<f{bits // 8}").tobytes()
    elif bits == 24:
        whole = (samples * ((1 << 23) - 1)).astype("<i4")
        data = whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    else:
        data = (samples * 127 + 128).astype("u1").tobytes() if bits == 8 else (samples * 32_767).astype("<i2").tobytes()
    channels, block = samples.shape[1], samples.shape[1] * bits // 8
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3 if bits >= 32 else 1, channels, rate, rate * block, block, bits)
    return (
        b"RIFF"
        + struct.pack("<I", 4 + len(form) + 8 + len(data))
        + b"WAVE"
        + form
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )


def encoded(samples, container, codec, rate=48_000):
    """The samples in another form, such as ("ogg", "libopus")."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.asarray(samples, "f4")[None], format="fltp", layout="mono")
        frame.sample_rate = rate
        size = stream.codec_context.frame_size or 1024
        resampler = av.AudioResampler(stream.codec_context.format, "mono", rate, size)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return file.getvalue()
