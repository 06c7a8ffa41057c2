using System.Diagnostics;
using System.Globalization;
using Litestream.Storage;
using Litestream.Testing;
using Litestream.Wal;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Testing;

namespace Litestream.Replication;

/// <summary>A database, its capture, a replica in memory, a clock that stands still, and workers.</summary>
internal sealed class ReplicationScene : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly List<ReplicaWorker> _workers = [];

    /// <param name="pageSize">Of the database.</param>
    /// <param name="elsewhere">Another machine, to have its clock and its replica; null for none.</param>
    public ReplicationScene(int pageSize = 4096, ReplicationScene? elsewhere = null)
    {
        Time = elsewhere?.Time
            ?? new SteppedTime(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), ignoreFrom: RetryPolicies.CallTimeout);
        App = new AppDatabase(_directory, pageSize: pageSize);
        Capture = new FakeCapture(App, _directory, Time, lastGeneration: elsewhere is null ? 0 : 0x100);
        Replica = elsewhere?.Replica ?? new ScriptedReplica(Time);
        App.Execute("CREATE TABLE t(a BLOB)");
        Capture.Capture();
    }

    public SteppedTime Time { get; }

    public AppDatabase App { get; }

    public FakeCapture Capture { get; }

    public ScriptedReplica Replica { get; }

    public FakeLogger Logger { get; } = new();

    public ReplicaOptions Options { get; } = new();

    public long FreeSpace { get; set; } = long.MaxValue;

    public string Generation => Capture.Generation;

    public ReplicaWorker Worker(IReplicaClient? client = null)
    {
        var worker = new ReplicaWorker(
            Capture, client ?? Replica, "primary", Options, Time, Logger, new Random(1), _ => FreeSpace);
        _workers.Add(worker);
        Capture.HeadChanged += worker.HeadChanged;
        return worker;
    }

    /// <summary>Inserts rows and captures them.</summary>
    public void Insert(int rows = 1, int size = 100)
    {
        App.Insert(rows, size);
        Capture.Capture();
    }

    public string SnapshotKey(int index) => ReplicaLayout.SnapshotKey(Generation, index);

    public string SegmentKey(int index, long offset) => ReplicaLayout.SegmentKey(Generation, index, offset);

    /// <summary>Waits for something while the clock runs on, as for a pass that retries.</summary>
    public async Task<T> PumpAsync<T>(Task<T> task)
    {
        await PumpAsync((Task)task);
        return await task;
    }

    public async Task PumpAsync(Task task)
    {
        await Time.RunUntilAsync(() => task.IsCompleted, "the work must end");
        await task;
    }

    /// <summary>Waits, in real time, for what other threads are about to do.</summary>
    public static async Task UntilAsync(Func<bool> condition, string because)
    {
        for (var patience = Stopwatch.StartNew(); !condition();)
        {
            patience.Elapsed.Should().BeLessThan(SteppedTime.Patience, because);
            await Task.Delay(1);
        }
    }

    /// <summary>Restores the generation from the replica, in this test's own simple way, and compares it with the live database.</summary>
    public void ShouldRestore(ScriptedReplica? from = null, string? generation = null)
    {
        var bytes = Restore(from ?? Replica, generation ?? Generation);

        bytes.AsSpan().SequenceEqual(Capture.Image().Bytes).Should().BeTrue("the restored bytes are the live ones");
        RowsOf(bytes).SequenceEqual(Rows()).Should().BeTrue("the rows are the live ones");
    }

    /// <summary>Newest snapshot, then all frames of the segments from its index on, which must tile.</summary>
    public static byte[] Restore(ScriptedReplica replica, string generation)
    {
        var snapshot = replica.Keys
            .Where(key => ReplicaLayout.TryParseSnapshot(key, out var name) && name.Generation == generation)
            .Last();
        ReplicaLayout.TryParseSnapshot(snapshot, out var start).Should().BeTrue();
        var bytes = Decode(replica[snapshot], snapshot);
        var (index, end, size) = (start.Index, 0L, bytes.Length);
        WalHeader header = default;
        WalChain chain = default;
        foreach (var key in replica.Keys)
        {
            if (!ReplicaLayout.TryParseSegment(key, out var segment) || segment.Generation != generation || segment.Index < start.Index)
            {
                continue;
            }

            var raw = Decode(replica[key], key);
            if (segment.Offset == 0)
            {
                segment.Index.Should().Be(end == 0 ? index : index + 1);
                WalHeader.TryParse(raw, out header).Should().BeTrue();
                (index, end, chain) = (segment.Index, 0, new WalChain(header));
            }

            segment.Index.Should().Be(index);
            segment.Offset.Should().Be(end, "segments tile");
            for (var at = segment.Offset == 0 ? WalHeader.Size : 0; at < raw.Length; at += header.FrameSize)
            {
                chain.Append(raw.AsSpan(at, header.FrameSize), out var frame).Should().Be(WalFrameState.Valid);
                var pageAt = (int)(frame.PageNumber - 1) * header.PageSize;
                if (bytes.Length < pageAt + header.PageSize)
                {
                    Array.Resize(ref bytes, Math.Max(pageAt + header.PageSize, 2 * bytes.Length));
                }

                raw.AsSpan(at + WalFrameHeader.Size, header.PageSize).CopyTo(bytes.AsSpan(pageAt));
                if (frame.IsCommit)
                {
                    size = (int)frame.CommitSize * header.PageSize;
                }
            }

            end += raw.Length;
        }

        Array.Resize(ref bytes, size);
        return bytes;
    }

    public static byte[] Decode(byte[] stored, string key)
    {
        using var decoder = Lz4Frame.OpenDecoder(new MemoryStream(stored), key);
        var raw = new MemoryStream();
        decoder.CopyTo(raw);
        return raw.ToArray();
    }

    public static byte[] Encode(ReadOnlySpan<byte> raw, byte[]? trailer = null)
    {
        var stored = new MemoryStream();
        using (var encoder = Lz4Frame.OpenEncoder(stored, leaveOpen: true))
        {
            encoder.Write(raw);
        }

        stored.Write(trailer ?? []);
        return stored.ToArray();
    }

    public SegmentTrailer SegmentTrailer(string key) => SegmentTrailerCodec.ReadTail(Replica[key]).Trailer!;

    public SnapshotTrailer SnapshotTrailer(string key) => SnapshotTrailerCodec.ReadTail(Replica[key]).Trailer!;

    public List<string> Rows() => Rows(App.Connection);

    public List<string> RowsOf(byte[] database)
    {
        var path = _directory.File($"restored-{Guid.NewGuid():n}.db");
        File.WriteAllBytes(path, database);
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var check = connection.CreateCommand();
        check.CommandText = "PRAGMA integrity_check";
        check.ExecuteScalar().Should().Be("ok");
        return Rows(connection);
    }

    public void Dispose()
    {
        _workers.ForEach(worker => worker.Dispose());
        App.Dispose();
        _directory.Dispose();
    }

    private static List<string> Rows(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT rowid, hex(a) FROM t ORDER BY rowid";
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Create(CultureInfo.InvariantCulture, $"{reader.GetInt64(0)} {reader.GetString(1)}"));
        }

        return rows;
    }
}
