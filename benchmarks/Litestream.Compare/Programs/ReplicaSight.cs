using System.Buffers.Binary;
using System.Diagnostics;
using Litestream.Compare.Worker;
using Litestream.Storage;

namespace Litestream.Compare.Programs;

/// <summary>What a replica holds, by what its objects hold: both programs write the same format.</summary>
internal sealed class ReplicaSight(IArrivals arrivals, int pageSize = 4096)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<ObjectName, (long End, ulong Salts)> _content = [];

    /// <summary>When the replica held a commit.</summary>
    /// <returns>In ticks of the stopwatch; null if it did not in time.</returns>
    public async Task<long?> WaitAsync(CommittedAt commit, TimeSpan patience)
    {
        var started = Stopwatch.GetTimestamp();
        for (var last = -1; Stopwatch.GetElapsedTime(started) < patience; await Task.Delay(20))
        {
            // It is opened when nothing has come for a while: who is measured needs the processors.
            var seen = arrivals.Seen;
            if (seen.Count == 0 || (Stopwatch.GetElapsedTime(seen[^1].Ticks) < Quiet))
            {
                continue;
            }

            if (seen.Count != last && await FirstWithAsync(commit, seen) is { } arrival)
            {
                return arrival.Ticks;
            }

            last = seen.Count;
        }

        return null;
    }

    /// <summary>How long each commit took to get to the replica.</summary>
    /// <returns>In milliseconds, sorted; and how many did not get there.</returns>
    public async Task<(List<double> Lags, int Missing)> LagsAsync(IReadOnlyList<CommittedAt> commits)
    {
        var bySalts = new Dictionary<ulong, List<(long End, long Ticks)>>();
        foreach (var arrival in arrivals.Seen)
        {
            var (end, salts) = await ContentAsync(arrival);
            bySalts.TryAdd(salts, []);
            bySalts[salts].Add((end, arrival.Ticks));
        }

        var lags = new List<double>();
        foreach (var commit in commits)
        {
            var place = Place(commit);
            if (bySalts.TryGetValue(commit.Salts, out var list) && list.Where(item => item.End >= place).Select(item => (long?)item.Ticks).Min() is { } ticks)
            {
                // Seen before the application knew that it had committed: no lag.
                lags.Add(Math.Max(0, (ticks - commit.Ticks) * 1000.0 / Stopwatch.Frequency));
            }
        }

        lags.Sort();
        return (lags, commits.Count - lags.Count);
    }

    private async Task<Arrival?> FirstWithAsync(CommittedAt commit, IReadOnlyList<Arrival> seen)
    {
        var place = Place(commit);
        Arrival? first = null;

        // From the last one back: only those behind the place are opened.
        foreach (var arrival in seen.OrderByDescending(arrival => arrival.Name.Index).ThenByDescending(arrival => arrival.Name.Offset))
        {
            var (end, salts) = await ContentAsync(arrival);
            if (salts == commit.Salts && end >= place)
            {
                first = first is null || arrival.Ticks < first.Ticks ? arrival : first;
            }
            else if (salts == commit.Salts)
            {
                break;
            }
        }

        return first;
    }

    private long Place(CommittedAt commit) => 32 + (commit.Frames * (24L + pageSize));

    private async Task<(long End, ulong Salts)> ContentAsync(Arrival arrival)
    {
        if (_content.TryGetValue(arrival.Name, out var known))
        {
            return known;
        }

        await using var stored = await arrivals.OpenAsync(arrival);
        await using var content = Lz4Frame.OpenDecoder(stored, arrival.Key, leaveOpen: true, verified: true);
        var buffer = new byte[Lz4Frame.BlockSize];
        long length = 0;
        ulong salts = 0;
        for (int read; (read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false)) > 0; length += read)
        {
            if (length == 0)
            {
                // In the header of the WAL, or of the first frame.
                salts = BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(arrival.Name.Offset == 0 ? 16 : 8));
            }
        }

        return _content[arrival.Name] = (arrival.Name.Offset + length, salts);
    }
}
