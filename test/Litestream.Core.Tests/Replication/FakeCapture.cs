using System.Globalization;
using Litestream.Shadow;
using Litestream.Storage;
using Litestream.Testing;
using Litestream.Wal;

namespace Litestream.Replication;

/// <summary>
/// The capture of a real SQLite database, made simple: it copies the frames of the real <c>-wal</c> into memory when told
/// to, and makes images from the real files. Checkpoints are the test's own, so nothing is ever missed.
/// </summary>
internal sealed class FakeCapture : ICapturedDatabase, IShadow
{
    private readonly AppDatabase _app;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Generation, int Index), Entry> _entries = [];
    private readonly List<string> _generations = [];
    private ShadowHead? _head;
    private long _sequence;
    private int _lastGeneration;

    public FakeCapture(AppDatabase app, TempDirectory directory, TimeProvider time, int lastGeneration = 0)
    {
        (_app, _time, _lastGeneration) = (app, time, lastGeneration);
        SpoolDirectory = directory.File("spool");
        app.Execute("PRAGMA wal_autocheckpoint=0");
        NewGeneration();
    }

    public string Name => "app";

    public IShadow Shadow => this;

    public string SpoolDirectory { get; }

    public Guid WriterId { get; } = Guid.Parse("00000000-0000-0000-0000-000000000001");

    public List<(string Generation, GenerationReason Reason, string Detail)> Requests { get; } = [];

    public int Images { get; private set; }

    public MemoryImage? LastImage { get; private set; }

    /// <summary>Runs before each image is taken.</summary>
    public Func<Task> BeforeImage { get; set; } = () => Task.CompletedTask;

    /// <summary>Fails reads of the shadow, to see that they are not taken for the replica's.</summary>
    public Exception? ReadFailure { get; set; }

    public Action<DateTimeOffset?> HeadChanged { get; set; } = _ => { };

    public ShadowHead? Head
    {
        get
        {
            lock (_lock)
            {
                return _head;
            }
        }
    }

    public IReadOnlyList<string> Generations
    {
        get
        {
            lock (_lock)
            {
                return [.. _generations];
            }
        }
    }

    public string Generation => Head!.Position.Generation;

    /// <summary>Copies what has been committed, and publishes a head.</summary>
    public ShadowHead Capture()
    {
        lock (_lock)
        {
            var wal = File.Exists(_app.Path + "-wal") ? ReadShared(_app.Path + "-wal") : [];
            var (generation, index) = (_generations[^1], _head?.Position.Generation == _generations[^1] ? _head.Position.Index : 0);
            var entry = _entries[(generation, index)];
            if (WalHeader.TryParse(wal, out var header))
            {
                if (entry.Header is { } known && known.Salts != header.Salts)
                {
                    entry.IsComplete = true;
                    entry = _entries[(generation, ++index)] = new Entry();
                }

                var length = CommittedLength(wal, header, out var checksum);
                if (length > entry.Length)
                {
                    entry.Header = header;
                    entry.Bytes = wal;
                    entry.Length = length;
                    entry.Checksum = checksum;
                    entry.Times.Add(new CommitTime(length, _time.GetUtcNow()));
                    entry.CapturedAt = _time.GetUtcNow();
                }
            }

            _head = new ShadowHead(
                ++_sequence, new ReplicationPosition(generation, index, entry.Length), entry.Header, entry.Checksum, entry.CapturedAt);
        }

        HeadChanged(null);
        return Head!;
    }

    /// <summary>Captures, and lets SQLite begin the WAL anew: what is written next lies in the next index.</summary>
    public void Checkpoint()
    {
        Capture();
        _app.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    public void NewGeneration()
    {
        lock (_lock)
        {
            foreach (var entry in _entries.Values)
            {
                entry.IsComplete = true;
            }

            var generation = (++_lastGeneration).ToString("x16", CultureInfo.InvariantCulture);
            _generations.Add(generation);
            _entries[(generation, 0)] = new Entry();
        }

        Capture();
    }

    public void Remove(string generation, int index)
    {
        lock (_lock)
        {
            _entries.Remove((generation, index));
        }
    }

    public IReadOnlyList<int> IndexesOf(string generation)
    {
        lock (_lock)
        {
            return [.. _entries.Keys.Where(key => key.Generation == generation).Select(key => key.Index).Order()];
        }
    }

    /// <summary>Nothing of the generation is kept any more.</summary>
    public void ForgetGeneration(string generation)
    {
        lock (_lock)
        {
            _generations.Remove(generation);
        }
    }

    /// <summary>Damages one captured byte.</summary>
    public void Flip(int index, long offset)
    {
        lock (_lock)
        {
            _entries[(Generation, index)].Bytes[offset] ^= 1;
        }
    }

    public ShadowIndex? Find(string generation, int index)
    {
        lock (_lock)
        {
            return _entries.TryGetValue((generation, index), out var entry)
                ? new ShadowIndex(generation, index, entry.Length, entry.IsComplete, entry.Header)
                : null;
        }
    }

    public int Read(string generation, int index, long offset, Span<byte> buffer)
    {
        lock (_lock)
        {
            if (ReadFailure is { } failure)
            {
                throw failure;
            }

            if (!_entries.TryGetValue((generation, index), out var entry))
            {
                throw new IOException("The index is not kept.");
            }

            var length = (int)Math.Clamp(entry.Length - offset, 0, buffer.Length);
            entry.Bytes.AsSpan((int)offset, length).CopyTo(buffer);
            return length;
        }
    }

    public IReadOnlyList<CommitTime> CommitTimes(string generation, int index, long from, long to)
    {
        lock (_lock)
        {
            return [.. _entries[(generation, index)].Times.Where(time => time.EndOffset > from && time.EndOffset <= to)];
        }
    }

    public void RequestNewGeneration(string generation, GenerationReason reason, string detail) =>
        Requests.Add((generation, reason, detail));

    public async Task<IDatabaseImage> OpenImageAsync(CancellationToken cancellationToken)
    {
        await BeforeImage();
        Images++;
        return LastImage = Image();
    }

    /// <summary>The database exactly as it is committed now.</summary>
    public MemoryImage Image()
    {
        var head = Capture();
        lock (_lock)
        {
            var entry = _entries[(head.Position.Generation, head.Position.Index)];
            var pageSize = (int)_app.Scalar("PRAGMA page_size");
            var bytes = ReadShared(_app.Path);
            if (entry.Header is { } header && entry.Length > 0)
            {
                var pages = 0;
                for (var at = (long)WalHeader.Size; at < entry.Length; at += header.FrameSize)
                {
                    var frame = WalFrameHeader.Parse(entry.Bytes.AsSpan((int)at));
                    var pageAt = (int)(frame.PageNumber - 1) * pageSize;
                    if (bytes.Length < pageAt + pageSize)
                    {
                        Array.Resize(ref bytes, Math.Max(pageAt + pageSize, 2 * bytes.Length));
                    }

                    entry.Bytes.AsSpan((int)at + WalFrameHeader.Size, pageSize).CopyTo(bytes.AsSpan(pageAt));
                    if (frame.IsCommit)
                    {
                        pages = (int)frame.CommitSize;
                    }
                }

                Array.Resize(ref bytes, pages * pageSize);
            }

            return new MemoryImage(bytes, head, pageSize, _time.GetUtcNow());
        }
    }

    private static long CommittedLength(byte[] wal, WalHeader header, out ChainChecksum checksum)
    {
        var chain = new WalChain(header);
        var length = (long)WalHeader.Size;
        checksum = header.Checksum;
        for (var at = length; at + header.FrameSize <= wal.Length; at += header.FrameSize)
        {
            if (chain.Append(wal.AsSpan((int)at, header.FrameSize), out var frame) != WalFrameState.Valid)
            {
                break;
            }

            if (frame.IsCommit)
            {
                (length, checksum) = (at + header.FrameSize, chain.Checksum);
            }
        }

        return length == WalHeader.Size ? 0 : length;
    }

    private static byte[] ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private sealed class Entry
    {
        public byte[] Bytes { get; set; } = [];

        public long Length { get; set; }

        public bool IsComplete { get; set; }

        public WalHeader? Header { get; set; }

        public ChainChecksum Checksum { get; set; }

        public DateTimeOffset CapturedAt { get; set; }

        public List<CommitTime> Times { get; } = [];
    }
}
