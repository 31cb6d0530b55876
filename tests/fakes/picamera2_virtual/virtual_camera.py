"""Lets picamera2 use libcamera's virtual camera on a computer without a camera, an ISP or dma heaps.

Its frames are NV12, called YUV420 here: the Y plane is the same. Its buffers are memory files. It has no raw modes.
"""

import mmap
import os

import libcamera
from picamera2 import picamera2
from picamera2.allocators.allocator import Allocator

SIZE = 640, 480


class MemoryAllocator(Allocator):
    needs_sync = True

    class Access:
        def __init__(self, allocator, buffer, write):
            self._memory = allocator.memory[buffer]

        def __enter__(self):
            return self._memory

        def __exit__(self, *_):
            pass

    def __init__(self):
        self.sync = self.Access
        self.memory = {}
        self._buffers = {}
        self._files = []

    def allocate(self, libcamera_config, use_case):
        self.close()
        for config in libcamera_config:
            self._buffers[config.stream] = [self._buffer(config) for _ in range(config.buffer_count)]

    def _buffer(self, config):
        file = os.memfd_create("frame")
        os.ftruncate(file, config.frame_size)
        self._files.append(file)
        luma = config.stride * config.size.height
        planes = [libcamera.FrameBuffer.Plane(), libcamera.FrameBuffer.Plane()]
        for plane, offset, length in zip(planes, (0, luma), (luma, config.frame_size - luma), strict=True):
            plane.fd = file
            plane.offset = offset
            plane.length = length
        buffer = libcamera.FrameBuffer(planes)
        self.memory[buffer] = mmap.mmap(file, config.frame_size)
        return buffer

    def buffers(self, stream):
        return self._buffers[stream]

    def __del__(self):  # picamera2 does not close its allocators
        self.close()

    def close(self):
        for file in self._files:
            os.close(file)
        self.memory = {}
        self._buffers = {}
        self._files = []


def to_libcamera(config, stream, buffer_count):
    write(config, stream | {"format": stream["format"].replace("YUV420", "NV12")}, buffer_count)


def from_libcamera(self, stream, config):
    read(self, stream, config)
    stream["format"] = stream["format"].replace("NV12", "YUV420")


write = picamera2.Picamera2._update_libcamera_stream_config
read = picamera2.Picamera2._update_stream_config
picamera2.Picamera2._update_libcamera_stream_config = staticmethod(to_libcamera)
picamera2.Picamera2._update_stream_config = from_libcamera
picamera2.Picamera2._get_raw_modes = lambda self: [{"format": "NV12", "size": SIZE}]
picamera2.DmaAllocator = MemoryAllocator
