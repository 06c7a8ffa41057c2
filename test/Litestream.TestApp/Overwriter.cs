using System.Globalization;

namespace Litestream.TestApp;

/// <summary>
/// Puts bytes into a file. A test must not do it to a database that is open in its own process: on Unix, closing the file
/// there would drop SQLite's locks.
/// </summary>
internal static class Overwriter
{
    public static int Run(string path, string offset, string bytes)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.Write(file, Convert.FromHexString(bytes), long.Parse(offset, CultureInfo.InvariantCulture));
        return 0;
    }
}
