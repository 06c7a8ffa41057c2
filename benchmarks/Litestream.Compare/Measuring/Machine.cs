using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Compare.Measuring;

/// <summary>What the machine is, and what it can do at most: the limits that the other numbers are held against.</summary>
internal static class Machine
{
    public static IReadOnlyList<(string What, string Value)> Describe(string folder, bool quick)
    {
        var lines = new List<(string, string)>
        {
            ("processor", $"{Field("/proc/cpuinfo", "model name")}, {Environment.ProcessorCount} cores seen"),
            ("memory", $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB"),
            ("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, {new DriveInfo(folder).DriveFormat}"),
            ("load before", File.ReadAllText("/proc/loadavg").Split(' ')[0]),
        };
        if (quick)
        {
            return lines;
        }

        var size = 256 << 20;
        var data = new byte[size];
        new Random(1).NextBytes(data);
        var copy = new byte[size];
        lines.Add(("memcpy of 256 MiB", Rate(size, 5, () => data.AsSpan().CopyTo(copy))));
        lines.Add(("WAL checksum of pages in cache, one core", Rate(size, 3, () => Pages(page => WalChecksum.Compute(default, data.AsSpan(page % 64 * 4096, 4096), bigEndian: false)))));
        lines.Add(("SHA-256, one core", Rate(size, 2, () => SHA256.HashData(data))));
        HalfRandom(data);
        using var stored = new MemoryStream(size);
        lines.Add(("LZ4 compression of half-random pages, one core", Rate(size, 2, () =>
        {
            stored.Position = 0;
            using var encoder = Lz4Frame.OpenEncoder(stored, leaveOpen: true);
            encoder.Write(data);
        })));
        lines.Add(("LZ4 decompression of the same, one core", Rate(size, 2, () =>
        {
            stored.Position = 0;
            using var decoder = Lz4Frame.OpenDecoder(stored, "machine", leaveOpen: true);
            decoder.ReadExactly(copy, 0, copy.Length);
        })));
        var path = Path.Combine(folder, "disk");
        lines.Add(("writing 256 MiB to a new file, page cache", Rate(size, 3, () => Write(path, data, flush: false))));
        lines.Add(("the same and fsync", Rate(size, 3, () => Write(path, data, flush: true))));
        lines.Add(("fsync of one page", Fsync(path)));
        File.Delete(path);
        return lines;

        void Pages(Func<int, ChainChecksum> work)
        {
            for (var page = 0; page < size / 4096; page++)
            {
                work(page);
            }
        }
    }

    // Every second half of a page repeats, as in the databases that are compared.
    private static void HalfRandom(byte[] data)
    {
        for (var page = 0; page < data.Length; page += 4096)
        {
            data.AsSpan(page + 2048, 2048).Fill((byte)'x');
        }
    }

    private static void Write(string path, byte[] data, bool flush)
    {
        File.Delete(path);
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        for (var offset = 0; offset < data.Length; offset += 1 << 20)
        {
            RandomAccess.Write(file, data.AsSpan(offset, 1 << 20), offset);
        }

        if (flush)
        {
            RandomAccess.FlushToDisk(file);
        }
    }

    private static string Fsync(string path)
    {
        using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write);
        var page = new byte[4096];
        var times = new List<double>();
        for (var i = 0; i < 200; i++)
        {
            var started = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, page, i * 4096L);
            RandomAccess.FlushToDisk(file);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{Spread.Of(times).Median:0.000} ms");
    }

    private static string Rate(long bytes, int times, Action work)
    {
        work();
        var best = double.MaxValue;
        for (var i = 0; i < times; i++)
        {
            var started = Stopwatch.GetTimestamp();
            work();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes / best / 1e9:0.00} GB/s");
    }

    private static string Field(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown";
}
