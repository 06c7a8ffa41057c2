namespace Litestream.Compare.Measuring;

internal static class FilePair
{
    public static void RequireEqual(string left, string right)
    {
        using var a = new FileStream(left, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        using var b = new FileStream(right, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        var (x, y) = (new byte[1 << 20], new byte[1 << 20]);
        for (int read; (read = a.ReadAtLeast(x, x.Length, throwOnEndOfStream: false)) > 0 || a.Length != b.Length;)
        {
            if (a.Length != b.Length || b.ReadAtLeast(y, read, throwOnEndOfStream: false) != read || !x.AsSpan(0, read).SequenceEqual(y.AsSpan(0, read)))
            {
                throw new InvalidOperationException("The two programs restored different databases.");
            }
        }
    }
}
