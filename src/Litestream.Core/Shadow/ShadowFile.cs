using Litestream.Storage;
using Litestream.Wal;
using Microsoft.Win32.SafeHandles;

namespace Litestream.Shadow;

/// <summary>
/// The shadow of one index: a verbatim prefix of its WAL in <c>IIIIIIII.wal</c>, and beside it in <c>IIIIIIII.times</c>
/// when commits were noticed.
/// </summary>
/// <remarks>
/// The times file is a row of entries (<see cref="TimesEntry"/>), the offsets ascending. Commits noticed within 10 ms share
/// an entry, that of the last. One thread appends; any number read up to <see cref="Length"/>. Nothing is synced on the way: after a power cut the chain shows how far the file is sound.
/// </remarks>
internal sealed class ShadowFile(string path, string generation, int index) : IDisposable
{
    private static readonly TimeSpan TimeGrain = TimeSpan.FromMilliseconds(10);

    // Guards the handles and _times. Innermost: nothing else is taken under it.
    private readonly Lock _lock = new();
    private readonly List<CommitTime> _times = [];
    private SafeFileHandle? _wal;
    private SafeFileHandle? _timesFile;
    private long _length;
    private volatile bool _isComplete;
    private volatile StrongBox? _header;

    public string Generation { get; } = generation;

    public int Index { get; } = index;

    public string Path { get; } = path;

    /// <summary>The header of the WAL; null while it has not begun.</summary>
    public WalHeader? Header => _header?.Value;

    /// <summary>Published bytes.</summary>
    public long Length => Volatile.Read(ref _length);

    /// <summary>True when nothing will be appended any more.</summary>
    public bool IsComplete
    {
        get => _isComplete;
        set => _isComplete = value;
    }

    private string TimesPath => System.IO.Path.ChangeExtension(Path, ".times");

    public ShadowIndex Describe()
    {
        var complete = IsComplete; // before the length, which is the last one then: else an end could be passed over
        return new ShadowIndex(Generation, Index, Length, complete, Header);
    }

    /// <summary>Writes bytes that are not published yet.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            RandomAccess.Write(OpenWal(), bytes, offset);
        }
    }

    /// <summary>Makes everything up to <paramref name="length"/> readable.</summary>
    public void Publish(WalHeader header, long length, DateTimeOffset noticedAt)
    {
        lock (_lock)
        {
            _header ??= new StrongBox(header);
            AddTime(new CommitTime(length, noticedAt));
            Volatile.Write(ref _length, length);
        }
    }

    /// <summary>Throws away what was written and not published.</summary>
    public void CutToPublished()
    {
        lock (_lock)
        {
            if (_wal is not null || File.Exists(Path))
            {
                RandomAccess.SetLength(OpenWal(), Length);
            }
        }
    }

    /// <summary>
    /// Reads the file of an earlier start: walks the chain, cuts what is not sound, and publishes the rest.
    /// </summary>
    /// <returns>The chain at the end; null if there is no sound header, so nothing at all.</returns>
    public WalChain? Load()
    {
        lock (_lock)
        {
            _times.Clear();
            if (!File.Exists(Path))
            {
                Volatile.Write(ref _length, 0);
                return null;
            }

            var file = OpenWal();
            var chain = Walk(file, out var length);
            RandomAccess.SetLength(file, length);
            _header = chain is { } sound ? new StrongBox(sound.Header) : null;
            LoadTimes(length);
            Volatile.Write(ref _length, length);
            return chain;
        }
    }

    /// <summary>Reads published bytes.</summary>
    public int Read(long offset, Span<byte> buffer)
    {
        var available = Length - offset;
        if (available <= 0)
        {
            return 0;
        }

        var wanted = (int)Math.Min(available, buffer.Length);
        lock (_lock)
        {
            var handle = OpenWal();
            for (var done = 0; done < wanted;)
            {
                var read = RandomAccess.Read(handle, buffer[done..wanted], offset + done);
                if (read == 0)
                {
                    throw new IOException($"The shadow '{Path}' is shorter than what was written to it.");
                }

                done += read;
            }
        }

        return wanted;
    }

    public IReadOnlyList<CommitTime> CommitTimes(long from, long to)
    {
        lock (_lock)
        {
            return _times.Where(time => time.EndOffset > from && time.EndOffset <= to).ToArray();
        }
    }

    /// <summary>Brings onto the disk what is written, also through a handle that has been closed since, and the files' names.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            if (_wal is not null || File.Exists(Path))
            {
                RandomAccess.FlushToDisk(OpenWal());
                RandomAccess.FlushToDisk(OpenTimes());
                AtomicFile.SyncDirectory(System.IO.Path.GetDirectoryName(Path)!);
            }
        }
    }

    /// <summary>Closes the handles; they are opened again when needed.</summary>
    public void CloseHandles()
    {
        lock (_lock)
        {
            _wal?.Dispose();
            _timesFile?.Dispose();
            _wal = _timesFile = null;
        }
    }

    public void Delete()
    {
        CloseHandles();
        File.Delete(Path);
        File.Delete(TimesPath);
    }

    public void Dispose() => CloseHandles();

    /// <summary>Follows the chain from the header to the last frame that is sound.</summary>
    private static WalChain? Walk(SafeFileHandle file, out long length)
    {
        length = 0;
        Span<byte> headerBytes = stackalloc byte[WalHeader.Size];
        if (RandomAccess.Read(file, headerBytes, 0) != headerBytes.Length || !WalHeader.TryParse(headerBytes, out var header))
        {
            return null;
        }

        length = WalHeader.Size;
        var chain = new WalChain(header);
        var chunk = new byte[Math.Max(1, (1 << 20) / header.FrameSize) * header.FrameSize];
        while (true)
        {
            var read = RandomAccess.Read(file, chunk, length);
            for (var at = 0; at + header.FrameSize <= read; at += header.FrameSize)
            {
                if (chain.Append(chunk.AsSpan(at, header.FrameSize), out _) != WalFrameState.Valid)
                {
                    return chain;
                }

                length += header.FrameSize;
            }

            if (read < header.FrameSize)
            {
                return chain;
            }
        }
    }

    private void LoadTimes(long length)
    {
        if (File.Exists(TimesPath))
        {
            var bytes = File.ReadAllBytes(TimesPath);
            for (var at = 0; at + TimesEntry.Size <= bytes.Length; at += TimesEntry.Size)
            {
                if (TimesEntry.Read(bytes.AsSpan(at)) is not { } time
                    || time.EndOffset > length
                    || time.EndOffset <= (_times.Count > 0 ? _times[^1].EndOffset : 0))
                {
                    break;
                }

                _times.Add(time);
            }

            // What lies behind would be taken for the times of frames that are yet to come.
            RandomAccess.SetLength(OpenTimes(), (long)_times.Count * TimesEntry.Size);
        }

        // What the file does not say is unknown, not guessed.
        if (length > WalHeader.Size && (_times.Count == 0 || _times[^1].EndOffset < length))
        {
            _times.Add(new CommitTime(length, NoticedAt: null));
            WriteLastTime();
        }
    }

    private void AddTime(CommitTime time)
    {
        if (_times.Count > 0 && _times[^1].EndOffset >= time.EndOffset)
        {
            return;
        }

        // A clock that steps back starts a new entry: else all commits would share one until it has caught up.
        var share = _times.Count > 1
            && _times[^1].NoticedAt is { } last
            && _times[^2].NoticedAt is { } before
            && last >= before
            && time.NoticedAt >= last
            && time.NoticedAt - before < TimeGrain;
        if (share)
        {
            _times[^1] = time;
        }
        else
        {
            _times.Add(time);
        }

        WriteLastTime();
    }

    private void WriteLastTime()
    {
        Span<byte> entry = stackalloc byte[TimesEntry.Size];
        TimesEntry.Write(entry, _times[^1]);
        RandomAccess.Write(OpenTimes(), entry, (long)(_times.Count - 1) * TimesEntry.Size);
    }

    private SafeFileHandle OpenTimes() =>
        _timesFile ??= File.OpenHandle(TimesPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    private SafeFileHandle OpenWal() =>
        _wal ??= File.OpenHandle(Path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>A header, once known, for readers on other threads.</summary>
    private sealed class StrongBox(WalHeader value)
    {
        public WalHeader Value { get; } = value;
    }
}
