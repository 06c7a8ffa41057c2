using System.Globalization;

namespace Litestream.Compare.Programs;

/// <summary>The name of a segment in a replica: index and offset.</summary>
internal readonly record struct ObjectName(int Index, long Offset)
{
    private const string Suffix = ".wal.lz4";

    public static ObjectName? Parse(string file) =>
        file.EndsWith(Suffix, StringComparison.Ordinal)
        && file[..^Suffix.Length].Split('_') is [var index, var offset]
        && int.TryParse(index, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var i)
        && long.TryParse(offset, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var o)
            ? new ObjectName(i, o)
            : null;
}
