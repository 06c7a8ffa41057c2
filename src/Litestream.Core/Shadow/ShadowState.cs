using System.Globalization;
using System.Text;
using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>
/// What the meta directory remembers over a restart: the generation in use and its last index. Where the shadow of that
/// index ends is found by walking its chain, so this is written only when a generation or an index begins, when one without a WAL comes to rest, and at stop.
/// </summary>
/// <remarks>
/// A text file that a person can read, one <c>name value</c> pair a line, closed by a checksum of all lines before:
/// <code>
/// litestream-net-state 1
/// generation 0123456789abcdef
/// index 0000002a
/// page-size 4096
/// salts 2ac81f00 91b2d3e4                    (absent until the index has begun)
/// reason NoneYet
/// started 2026-01-31T12:00:00.0000000Z
/// file-hash 9f86d08…                         (only in a state without a WAL)
/// check 0f2ab94c01d6e5a7
/// </code>
/// </remarks>
internal sealed record ShadowState(string Generation, int Index, int PageSize, GenerationReason Reason, DateTimeOffset Started)
{
    /// <summary>
    /// The salts of the WAL that <see cref="Index"/> holds; null until its first frame has been seen. As long as the WAL has
    /// them it holds the index whole, also where the shadow of it is torn or was not written yet.
    /// </summary>
    public WalSalts? Salts { get; init; }

    /// <summary>
    /// A SHA-256 of the database file (<see cref="RestingFile"/>), in lower-case hexadecimal digits, if replication came to rest or stopped before the index
    /// had begun: without a WAL there is no chain that could prove that nothing was missed. Null otherwise.
    /// </summary>
    public string? FileHash { get; init; }

    private const string Title = "litestream-net-state";
    private const int Version = 1;

    /// <summary>The bytes of the file.</summary>
    public byte[] Encode()
    {
        var salts = Salts is { } known ? string.Create(CultureInfo.InvariantCulture, $"salts {known.Salt1:x8} {known.Salt2:x8}\n") : "";
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{Title} {Version}\ngeneration {Generation}\nindex {Index:x8}\npage-size {PageSize}\n{salts}reason {Reason}\nstarted {Started.UtcDateTime:O}\n");
        text += FileHash is null ? "" : $"file-hash {FileHash}\n";
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{text}check {Checksum(text):x16}\n"));
    }

    /// <summary>Reads the bytes of a file.</summary>
    /// <param name="bytes">The content.</param>
    /// <param name="problem">Why there is no state: damaged, or of a newer version. Null on success.</param>
    public static ShadowState? Decode(ReadOnlySpan<byte> bytes, out string? problem)
    {
        var text = Encoding.ASCII.GetString(bytes);
        var lines = text.Split('\n');
        var title = lines[0].Split(' ');
        if (title.Length == 2
            && title[0] == Title
            && int.TryParse(title[1], NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            && version > Version)
        {
            problem = $"it was written by a newer version of this library (state version {version}, known is {Version})";
            return null;
        }

        problem = "it is damaged";
        var check = text.LastIndexOf("check ", StringComparison.Ordinal);
        if (check <= 0
            || !ulong.TryParse(text.AsSpan(check + 6).TrimEnd('\n'), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var stored)
            || stored != Checksum(text[..check]))
        {
            return null;
        }

        var generation = Value("generation");
        if (!Shadow.Generation.IsName(generation)
            || !int.TryParse(Value("index"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var index)
            || index < 0
            || !int.TryParse(Value("page-size"), NumberStyles.None, CultureInfo.InvariantCulture, out var pageSize)
            || !WalFormat.IsPageSize(pageSize)
            || !TryReadSalts(Value("salts"), out var salts)
            || !Enum.TryParse<GenerationReason>(Value("reason"), out var reason)
            || !DateTimeOffset.TryParse(Value("started"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var started))
        {
            return null;
        }

        problem = null;
        var fileHash = Value("file-hash");
        return new ShadowState(generation, index, pageSize, reason, started)
        {
            Salts = salts,
            FileHash = fileHash.Length > 0 ? fileHash : null,
        };

        string Value(string name) =>
            Array.Find(lines, line => line.StartsWith(name + " ", StringComparison.Ordinal))?[(name.Length + 1)..] ?? "";
    }

    private static bool TryReadSalts(string text, out WalSalts? salts)
    {
        salts = null;
        if (text.Length == 0)
        {
            return true;
        }

        if (text.Length != 17
            || !uint.TryParse(text.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var salt1)
            || !uint.TryParse(text.AsSpan(9), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var salt2))
        {
            return false;
        }

        salts = new WalSalts(salt1, salt2);
        return true;
    }

    /// <summary>FNV-1a: enough to notice a torn or edited file.</summary>
    private static ulong Checksum(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in text)
        {
            hash = (hash ^ character) * 1099511628211UL;
        }

        return hash;
    }
}
