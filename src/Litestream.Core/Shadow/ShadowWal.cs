using System.Collections.Immutable;
using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>
/// The local copy of the WAL: every index of every generation that a replica may still need. The capture appends to the
/// last index; workers read what is published. Thread-safe for readers beside one writer.
/// </summary>
internal sealed class ShadowWal(MetaDirectory meta) : IShadow, IDisposable
{
    // Guards _files and _generations against each other. Taken before a ShadowFile's lock.
    private readonly Lock _lock = new();
    private ImmutableDictionary<(string Generation, int Index), ShadowFile> _files =
        ImmutableDictionary<(string, int), ShadowFile>.Empty;
    private ImmutableList<string> _generations = [];
    private volatile ShadowHead? _head;
    private volatile ShadowFile? _last;
    private long _sequence;

    public ShadowHead? Head => _head;

    public IReadOnlyList<string> Generations
    {
        get
        {
            lock (_lock)
            {
                return _generations;
            }
        }
    }

    /// <summary>The file that is appended to.</summary>
    /// <exception cref="InvalidOperationException">There is no generation yet.</exception>
    public ShadowFile Last => _last ?? throw new InvalidOperationException("No generation has been started.");

    /// <summary>Bytes that the shadow takes on the disk.</summary>
    public long SizeBytes
    {
        get
        {
            lock (_lock)
            {
                return _files.Values.Sum(file => file.Length);
            }
        }
    }

    public ShadowIndex? Find(string generation, int index)
    {
        lock (_lock)
        {
            return _files.TryGetValue((generation, index), out var file) ? file.Describe() : null;
        }
    }

    public int Read(string generation, int index, long offset, Span<byte> buffer) =>
        FindFile(generation, index) is { } file
            ? file.Read(offset, buffer)
            : throw new IOException($"The shadow of {new ReplicationPosition(generation, index, offset)} is not kept any more.");

    public IReadOnlyList<CommitTime> CommitTimes(string generation, int index, long from, long to) =>
        FindFile(generation, index)?.CommitTimes(from, to) ?? [];

    /// <summary>The file of an index, if it is kept.</summary>
    public ShadowFile? FindFile(string generation, int index)
    {
        lock (_lock)
        {
            return _files.GetValueOrDefault((generation, index));
        }
    }

    /// <summary>Takes up the indexes of a generation that an earlier start left behind.</summary>
    /// <returns>The chain at the end of the last one; null if it has not begun, or is torn from its start.</returns>
    public WalChain? Resume(string generation, int lastIndex)
    {
        WalChain? chain = null;
        foreach (var index in meta.Indexes(generation))
        {
            var file = FindFile(generation, index) ?? meta.ShadowFile(generation, index);
            if (index > lastIndex)
            {
                file.Delete();
                continue;
            }

            chain = file.Load();
            file.IsComplete = index < lastIndex;
            Add(file);
        }

        if (FindFile(generation, lastIndex) is not { } last)
        {
            chain = null;
            last = meta.ShadowFile(generation, lastIndex);
            Add(last);
        }

        _last = last;
        return chain;
    }

    /// <summary>Takes over what an earlier capture in this process had, whose mark is still held.</summary>
    public void TakeOver(ShadowWal earlier)
    {
        lock (_lock)
        {
            _files = earlier._files;
            _generations = earlier._generations;
            _last = earlier._last;
        }

        if (earlier.Head is { } head)
        {
            Publish(head.Position, head.Header, head.Checksum, head.CapturedAt);
        }
    }

    /// <summary>Begins an index; the one before it, of whichever generation, is complete.</summary>
    public void BeginIndex(string generation, int index)
    {
        var file = meta.ShadowFile(generation, index);
        file.Delete();
        if (_last is { } previous)
        {
            previous.IsComplete = true;
            previous.CloseHandles();
        }

        Add(file);
        _last = file;
    }

    /// <summary>Makes known how far the capture has come.</summary>
    public void Publish(ReplicationPosition position, WalHeader? header, ChainChecksum checksum, DateTimeOffset capturedAt) =>
        _head = new ShadowHead(++_sequence, position, header, checksum, capturedAt);

    /// <summary>Removes one index, unless it is the last.</summary>
    public void Remove(string generation, int index)
    {
        lock (_lock)
        {
            if (_files.TryGetValue((generation, index), out var file) && file != _last)
            {
                _files = _files.Remove((generation, index));
                file.Delete();
            }
        }
    }

    /// <summary>Removes a generation, unless it is the one in use.</summary>
    public void RemoveGeneration(string generation)
    {
        lock (_lock)
        {
            if (_last?.Generation == generation)
            {
                return;
            }

            foreach (var (key, file) in _files.Where(pair => pair.Key.Generation == generation).ToList())
            {
                _files = _files.Remove(key);
                file.CloseHandles();
            }

            _generations = _generations.Remove(generation);
            meta.DeleteGeneration(generation);
        }
    }

    /// <summary>The indexes kept of a generation, ascending.</summary>
    public IReadOnlyList<int> Indexes(string generation)
    {
        lock (_lock)
        {
            return _files.Keys.Where(key => key.Generation == generation).Select(key => key.Index).Order().ToArray();
        }
    }

    /// <summary>Closes file handles that nobody has used for a while.</summary>
    public void CloseHandles()
    {
        lock (_lock)
        {
            foreach (var file in _files.Values)
            {
                file.CloseHandles();
            }
        }
    }

    public void Dispose() => CloseHandles();

    private void Add(ShadowFile file)
    {
        lock (_lock)
        {
            _files = _files.SetItem((file.Generation, file.Index), file);
            if (!_generations.Contains(file.Generation))
            {
                _generations = _generations.Add(file.Generation);
            }
        }
    }
}
