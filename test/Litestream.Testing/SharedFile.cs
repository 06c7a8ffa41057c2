namespace Litestream.Testing;

/// <summary>Reads and writes files that somebody has open for writing, which on Windows has to be allowed explicitly.</summary>
public static class SharedFile
{
    public static byte[] ReadAllBytes(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var content = new byte[file.Length];
        file.ReadExactly(content);
        return content;
    }

    public static void WriteAllBytes(string path, byte[] content)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.Write(content);
    }
}
