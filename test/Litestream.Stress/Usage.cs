using System.Diagnostics;
using System.Globalization;

namespace Litestream.Stress;

/// <summary>What this process uses of the machine at one moment. Linux only where it reads /proc.</summary>
internal readonly record struct Usage(TimeSpan Cpu, long Resident, long Managed, int Handles, int Threads, long Allocated)
{
    public static Usage Now(bool collect = false)
    {
        if (collect)
        {
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }

        using var process = Process.GetCurrentProcess();
        return new Usage(
            process.TotalProcessorTime,
            process.WorkingSet64,
            GC.GetTotalMemory(forceFullCollection: false),
            Directory.Exists("/proc/self/fd") ? Directory.GetFiles("/proc/self/fd").Length : process.HandleCount,
            process.Threads.Count,
            GC.GetTotalAllocatedBytes());
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"RSS {Resident / 1048576.0:0} MiB, managed {Managed / 1048576.0:0.0} MiB, {Handles} handles, {Threads} threads");
}
