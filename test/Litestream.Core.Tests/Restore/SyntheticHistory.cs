using System.Security.Cryptography;
using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Restore;

/// <summary>
/// A generation made up from a seed: transactions that grow, shrink and spill, over several indexes, cut into segments
/// anywhere. Knows the database after every commit.
/// </summary>
internal sealed class SyntheticHistory
{
    public static readonly DateTimeOffset Start = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Random _random;
    private readonly int _pageSize;
    private readonly bool _trailers;
    private readonly bool _bigEndian;
    private readonly List<byte[]> _pages = [];
    private readonly List<SyntheticCommit> _indexCommits = [];
    private SyntheticWal? _wal;
    private SegmentLink? _previous;
    private int _index;
    private long _cutAt;
    private int _clock;

    public SyntheticHistory(int seed, string generation = "00000000000000aa", int pageSize = 512, bool trailers = true, int clock = 0)
    {
        _random = new Random(seed);
        (Generation, _pageSize, _trailers, _bigEndian, _clock) = (generation, pageSize, trailers, seed % 3 == 0, clock);
        _index = seed % 2;
        Grow(_random.Next(1, 5));
    }

    public string Generation { get; }

    public ObjectStore Store { get; init; } = new();

    /// <summary>Every state there was, oldest first; the first is that of the first snapshot if it holds none of the WAL.</summary>
    public List<SyntheticCommit> Commits { get; } = [];

    public List<SyntheticSnapshot> Snapshots { get; } = [];

    public List<SyntheticSegment> Segments { get; } = [];

    /// <summary>What the trailers say of the time of each commit.</summary>
    public Func<CommitTime, CommitTime> Noticed { get; set; } = time => time;

    public DateTimeOffset Now => Start.AddSeconds(_clock);

    public int CurrentIndex => _index;

    private SyntheticWal Wal => _wal!;

    /// <summary>Makes a whole history: indexes with commits, segments, and snapshots here and there.</summary>
    public static SyntheticHistory Create(int seed, int indexes = 4, string generation = "00000000000000aa", bool trailers = true, ObjectStore? store = null, int clock = 0)
    {
        var history = new SyntheticHistory(seed, generation, trailers: trailers, clock: clock) { Store = store ?? new ObjectStore() };
        history.BeginIndex();
        var before = history._random.Next(0, 3);
        for (var i = 0; i < before; i++)
        {
            history.Commit();
        }

        history.Snapshot();
        for (var index = 0; index < indexes; index++)
        {
            if (index > 0)
            {
                history.BeginIndex();
            }

            var rounds = history._random.Next(1, 5);
            for (var round = 0; round < rounds; round++)
            {
                history.Commit();
                history.MaybeCut();
            }

            history.Cut();
            if (index < indexes - 1 && history._random.Next(3) == 0 && history.Snapshots[^1].Index != history._index)
            {
                history.Snapshot();
            }
        }

        return history;
    }

    public void BeginIndex()
    {
        _index += _wal is null ? 0 : 1;
        _wal = new SyntheticWal(_random, _pageSize, _bigEndian);
        _indexCommits.Clear();
        _cutAt = 0;
    }

    public void Commit()
    {
        var changed = new SortedSet<int>();
        var spilled = _random.Next(4) == 0;
        var count = _random.Next(1, 6);
        for (var i = 0; i < count; i++)
        {
            changed.Add(_random.Next(_pages.Count));
        }

        if (_random.Next(3) == 0)
        {
            var first = _pages.Count;
            Grow(_random.Next(1, 6));
            changed.UnionWith(Enumerable.Range(first, _pages.Count - first));
        }

        foreach (var page in changed)
        {
            _random.NextBytes(_pages[page]);
            if (spilled)
            {
                // Written before it was finished, and again later.
                AppendFrame(page, commitSize: 0);
                _random.NextBytes(_pages[page]);
            }
        }

        if (_pages.Count > 2 && _random.Next(5) == 0)
        {
            _pages.RemoveRange(_pages.Count / 2, _pages.Count - (_pages.Count / 2));
            changed.RemoveWhere(page => page >= _pages.Count);
            changed.Add(0);
        }

        foreach (var page in changed)
        {
            AppendFrame(page, page == changed.Max ? (uint)_pages.Count : 0);
        }

        _clock += _random.Next(1, 4);
        var commit = new SyntheticCommit(Position(Wal.Length), Now, Image());
        Commits.Add(commit);
        _indexCommits.Add(commit);
    }

    /// <summary>Publishes the image as it is now.</summary>
    public void Snapshot()
    {
        _clock++;
        var covered = _indexCommits.Count == 0 ? 0 : Wal.Length;
        var image = Image();
        var trailer = new SnapshotTrailer
        {
            Index = _index,
            CoveredOffset = covered,
            Salts = covered == 0 ? default : Wal.Header.Salts,
            CoveredChecksum = covered == 0 ? default : Wal.Checksum,
            PageSize = _pageSize,
            DatabaseSize = image.Length,
            TakenAt = Now,
            WriterId = Guid.Empty,
            RawHash = SHA256.HashData(image),
        };
        var key = ReplicaLayout.SnapshotKey(Generation, _index);
        Store.Put(key, Encode(image, _trailers ? SnapshotTrailerCodec.Encode(trailer) : []), Now);
        Snapshots.Add(new SyntheticSnapshot(key, _index, covered, Now, image));
        if (Commits.Count == 0)
        {
            Commits.Add(new SyntheticCommit(Position(0), Now, image));
        }
    }

    /// <summary>Publishes the WAL up to its end.</summary>
    public void Cut() => Cut(Wal.Length);

    /// <summary>Publishes the WAL up to a commit.</summary>
    public void Cut(SyntheticCommit commit) => Cut(commit.Position.Offset);

    /// <summary>The next segment does not know what came before it, as after a time in which the replica was lost sight of.</summary>
    public void LoseSight() => _previous = null;

    public byte[] Image() => [.. _pages.SelectMany(page => page)];

    private void MaybeCut()
    {
        if (_random.Next(2) == 0)
        {
            var frames = (Wal.Length - WalHeader.Size) / Wal.Header.FrameSize;
            var end = WalHeader.Size + (_random.NextInt64(frames + 1) * Wal.Header.FrameSize);

            // The first segment of an index reaches what the snapshot already holds in one piece.
            var covered = Snapshots.Count > 0 && Snapshots[^1].Index == _index ? Snapshots[^1].CoveredOffset : 0;
            Cut(Math.Max(end, covered));
        }
    }

    private void Cut(long end)
    {
        if (end <= _cutAt || (end == WalHeader.Size && _cutAt == 0 && Wal.Length > WalHeader.Size))
        {
            return;
        }

        _clock++;
        var raw = Wal.Slice(_cutAt, end);
        var trailer = new SegmentTrailer
        {
            Index = _index,
            Offset = _cutAt,
            RawLength = raw.Length,
            Salts = Wal.Header.Salts,
            FirstChecksum = Wal.ChecksumAt(_cutAt),
            LastChecksum = Wal.ChecksumAt(end),
            Previous = _previous,
            WriterId = Guid.Empty,
            RawHash = SHA256.HashData(raw),
            Commits = [.. _indexCommits.Where(commit => commit.Position.Offset > _cutAt && commit.Position.Offset <= end)
                .Select(commit => Noticed(new CommitTime(commit.Position.Offset, commit.Time)))],
        };
        var key = ReplicaLayout.SegmentKey(Generation, _index, _cutAt);
        Store.Put(key, Encode(raw, _trailers ? SegmentTrailerCodec.Encode(trailer) : []), Now);
        Segments.Add(new SyntheticSegment(key, _index, _cutAt, end, Now));
        _previous = new SegmentLink(_index, _cutAt, end, trailer.LastChecksum);
        _cutAt = end;
    }

    private void AppendFrame(int page, uint commitSize) => Wal.Append((uint)page + 1, commitSize, _pages[page]);

    /// <summary>Adds pages that no transaction has written: for the image of a snapshot that comes next.</summary>
    public void Grow(int pages)
    {
        for (var i = 0; i < pages; i++)
        {
            _pages.Add(new byte[_pageSize]);
            _random.NextBytes(_pages[^1]);
        }
    }

    private ReplicationPosition Position(long offset) => new(Generation, _index, offset);

    public static byte[] Encode(byte[] content, byte[] trailer)
    {
        using var encoded = new MemoryStream();
        using (var encoder = Lz4Frame.OpenEncoder(encoded, leaveOpen: true))
        {
            encoder.Write(content);
        }

        encoded.Write(trailer);
        return encoded.ToArray();
    }
}
