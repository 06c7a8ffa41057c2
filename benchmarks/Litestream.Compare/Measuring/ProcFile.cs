using System.Globalization;
using System.Runtime.InteropServices;

namespace Litestream.Compare.Measuring;

/// <summary>What Linux tells of processes.</summary>
internal static partial class ProcFile
{
    // USER_HZ is 100 on every architecture that .NET runs on.
    private const double TicksPerSecond = 100;
    private const int RusageChildren = -1;

    /// <summary>User and system time of a process that runs.</summary>
    public static double ProcessorSeconds(int pid)
    {
        var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>
    /// What each thread of a process has taken, in nanoseconds: <see cref="ProcessorSeconds"/> counts in ticks of ten
    /// milliseconds, which is as much as a process at rest takes in seconds.
    /// </summary>
    public static Dictionary<string, long> ThreadNanoseconds(int pid)
    {
        var threads = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var thread in Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/task")))
        {
            try
            {
                threads[thread] = long.Parse(File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }

        return threads;
    }

    /// <summary>A field of /proc/PID/status in bytes; 0 if the process is gone.</summary>
    public static long Status(int pid, string field)
    {
        try
        {
            var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status")).FirstOrDefault(line => line.StartsWith(field + ":", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Split('\t')[^1], CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>How many file descriptors a process has.</summary>
    public static int Descriptors(int pid) => Directory.GetFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fd")).Length;

    /// <summary>User and system time of all children that have ended, to the microsecond.</summary>
    public static double EndedChildrenSeconds()
    {
        // struct rusage: two struct timeval, then fourteen longs.
        Span<long> usage = stackalloc long[18];
        return GetRusage(RusageChildren, usage) == 0 ? usage[0] + usage[2] + ((usage[1] + usage[3]) / 1e6) : throw new InvalidOperationException("getrusage failed.");
    }

    public static void Stop(int pid) => _ = Kill(pid, 19);

    public static void Continue(int pid) => _ = Kill(pid, 18);

    public static void Interrupt(int pid) => _ = Kill(pid, 2);

    /// <summary>Bytes of all files in a folder and below.</summary>
    public static long FolderBytes(string folder)
    {
        long sum = 0;
        try
        {
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories))
            {
                try
                {
                    sum += file.Length;
                }
                catch (IOException)
                {
                    // Gone meanwhile.
                }
            }
        }
        catch (IOException)
        {
            // The folder is gone, or not there yet.
        }

        return sum;
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetRusage(int who, Span<long> usage);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
