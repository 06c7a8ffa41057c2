using Litestream.Testing;
using Litestream.Testing.Capture;
using Litestream.Wal;

namespace Litestream.Simulation;

/// <summary>The disk that a database lies on: what is copied when a process dies, and what a power cut leaves of it.</summary>
internal sealed class Volume : IDisposable
{
    private readonly TempDirectory _folder = new();

    // How much of the WAL with these salts has been synced: what a checkpoint has moved, and all that survived a power cut.
    private (WalSalts Salts, int End) _synced;

    public string DatabasePath => _folder.File("app.db");

    public string MetaPath => _folder.File(".app.db-litestream-net");

    public string Spare(string name) => _folder.File(name);

    /// <summary>What is on the disk at this moment: what the next process finds when this one dies now.</summary>
    /// <param name="reader">A connection to the database: read through SQLite's handles, as nobody may open the file by its path.</param>
    /// <param name="cut">What a power cut takes of what was not synced; null if only the process dies.</param>
    public Volume Copy(DatabaseReader reader, Random? cut)
    {
        var copy = new Volume();

        // Often nothing that was not synced has reached the disk.
        var all = cut?.Next(3) == 0;
        reader.Begin();
        try
        {
            var backfilled = reader.Index.Backfilled;
            var known = reader.Index.TryRead(out var header);
            File.WriteAllBytes(copy.DatabasePath, Read(reader.File.DatabaseSize(), reader.File.ReadDatabase));
            var wal = Read(reader.File.WalSize(), reader.File.ReadWal);
            if (known && header.MaxFrame > 0)
            {
                var moved = (int)WalFormat.EndOfFrame(Math.Min(backfilled, header.MaxFrame), header.PageSize);
                var synced = _synced.Salts == header.Salts ? Math.Max(_synced.End, moved) : moved;
                if (cut is not null)
                {
                    (wal, synced) = all ? (wal[..synced], synced) : Torn(wal, synced, cut);
                }

                copy._synced = (header.Salts, synced);
            }

            if (wal.Length > 0)
            {
                File.WriteAllBytes(copy.DatabasePath + "-wal", wal);
            }
        }
        finally
        {
            reader.End();
        }

        CopyFolder(MetaPath, copy.MetaPath);
        if (cut is not null)
        {
            copy.TearShadow(cut, all);
        }

        return copy;
    }

    public void Dispose() => _folder.Dispose();

    private delegate int Reading(long offset, Span<byte> buffer);

    private static byte[] Read(long size, Reading read)
    {
        var bytes = new byte[size];
        var length = 0;
        while (length < bytes.Length && read(length, bytes.AsSpan(length)) is var more and > 0)
        {
            length += more;
        }

        return bytes[..length];
    }

    private static void CopyFolder(string from, string to)
    {
        if (!Directory.Exists(from))
        {
            return;
        }

        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from).Where(file => Path.GetFileName(file) != "lock"))
        {
            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var target = File.Create(Path.Combine(to, Path.GetFileName(file)));
            source.CopyTo(target);
        }

        foreach (var folder in Directory.EnumerateDirectories(from).Where(folder => Path.GetFileName(folder) != "spool"))
        {
            CopyFolder(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }

    /// <summary>The shadow is synced when an index ends: only the last of a generation can be torn.</summary>
    private void TearShadow(Random cut, bool all)
    {
        var generations = Path.Combine(MetaPath, "generations");
        if (!Directory.Exists(generations))
        {
            return;
        }

        foreach (var generation in Directory.EnumerateDirectories(generations).OrderBy(Story, StringComparer.Ordinal))
        {
            var files = Directory.EnumerateFiles(generation).Order(StringComparer.Ordinal).ToList();
            var last = files.LastOrDefault(file => file.EndsWith(".wal", StringComparison.Ordinal));
            foreach (var file in files.Where(file => last is not null && Path.GetFileNameWithoutExtension(file) == Path.GetFileNameWithoutExtension(last)))
            {
                File.WriteAllBytes(file, all ? [] : Torn(File.ReadAllBytes(file), 0, cut).Content);
            }
        }
    }

    /// <summary>Tells generations apart by what a seed gives them, which their names are not: sizes, and the times of commits.</summary>
    private static string Story(string generation) => string.Join(' ', Directory.EnumerateFiles(generation)
        .Order(StringComparer.Ordinal)
        .Select(file => Path.GetFileName(file) + (file.EndsWith(".wal", StringComparison.Ordinal)
            ? $":{new FileInfo(file).Length}"
            : $":{Convert.ToHexString(File.ReadAllBytes(file))}")));

    /// <summary>What may be left of a file of which only the beginning was synced.</summary>
    private static (byte[] Content, int Sound) Torn(byte[] content, int synced, Random cut)
    {
        var length = cut.Next(3) == 0 ? content.Length : cut.Next(Math.Min(synced, content.Length), content.Length + 1);
        switch (cut.Next(3))
        {
            case 0:
                return (content[..length], length);
            case 1:
                content.AsSpan(length).Clear();
                return (content, length);
            default:
                cut.NextBytes(content.AsSpan(length));
                return (content, length);
        }
    }
}
