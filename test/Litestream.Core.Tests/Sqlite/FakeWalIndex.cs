using System.IO.MemoryMappedFiles;

namespace Litestream.Core.Tests.Sqlite;

/// <summary>
/// The first bytes of a WAL-index as a writer publishes them, in a mapping of its own: reading it after it was disposed
/// kills the process, as a real one would.
/// </summary>
internal sealed unsafe class FakeWalIndex : IDisposable
{
    private const int Words = 12;

    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _view;

    public FakeWalIndex()
    {
        _mapping = MemoryMappedFile.CreateNew(null, 32768);
        _view = _mapping.CreateViewAccessor();
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        Pointer = (nint)pointer;
    }

    public nint Pointer { get; }

    /// <summary>Writes the second copy, then the first, as SQLite does.</summary>
    public void Publish(uint maxFrame)
    {
        PublishHalf(maxFrame);
        Volatile.Write(ref ((uint*)Pointer)[4], maxFrame);
    }

    /// <summary>As far as a writer gets that is killed in between.</summary>
    public void PublishHalf(uint maxFrame) => Volatile.Write(ref ((uint*)Pointer)[Words + 4], maxFrame);

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _mapping.Dispose();
    }
}
