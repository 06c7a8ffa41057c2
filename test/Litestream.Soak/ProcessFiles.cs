using System.Diagnostics;
using System.Globalization;

namespace Litestream.Soak;

/// <summary>Sizes and counts that the system knows. Opens no file of a database: that would drop SQLite's locks.</summary>
internal static class ProcessFiles
{
    public static int Handles() => Directory.Exists("/proc/self/fd") ? Count("/proc/self/fd") : Process().HandleCount;

    public static int Threads() => Directory.Exists("/proc/self/task") ? Count("/proc/self/task") : Process().Threads.Count;

    /// <summary>What is left of the managed heap by a full collection.</summary>
    public static long LiveHeap()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        var left = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        return left.HeapSizeBytes - left.FragmentedBytes;
    }

    /// <summary>What else runs on this machine, as the mean number of programs that want the processor; null where it is not known.</summary>
    public static double? LoadAverage() => File.Exists("/proc/loadavg")
        ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture)
        : null;

    public static long Size(string file)
    {
        var info = new FileInfo(file);
        return info.Exists ? info.Length : 0;
    }

    /// <summary>All files below a folder, whatever comes and goes meanwhile.</summary>
    public static long FolderSize(string folder)
    {
        var size = 0L;
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                size += SizeIfThere(file);
            }
        }
        catch (DirectoryNotFoundException)
        {
        }

        return size;
    }

    private static long SizeIfThere(string file)
    {
        try
        {
            return Size(file);
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }

    private static int Count(string folder) => Directory.EnumerateFileSystemEntries(folder).Count();

    private static Process Process() => System.Diagnostics.Process.GetCurrentProcess();
}
