using System.Text;
using Litestream.Fuzz.Targets;

namespace Litestream.Fuzz;

/// <summary>
/// Something that reads what others may have written. It takes any bytes, and throws if the library does anything with them
/// but understand them or refuse them in its own words.
/// </summary>
/// <param name="Name">On the command line, and of its folder in Corpus.</param>
/// <param name="Run">Reads one input.</param>
/// <param name="Seeds">Sound inputs, to begin with.</param>
internal sealed record FuzzTarget(string Name, Action<byte[]> Run, Func<IEnumerable<byte[]>> Seeds)
{
    public static readonly IReadOnlyList<FuzzTarget> All =
    [
        new("wal", WalTarget.Run, WalTarget.Seeds),
        new("lz4", Lz4Target.Run, Lz4Target.Seeds),
        new("trailer", TrailerTarget.Run, TrailerTarget.Seeds),
        new("catalog", CatalogTarget.Run, CatalogTarget.Seeds),
        new("state", StateTarget.Run, StateTarget.Seeds),
        new("restore", RestoreTarget.Run, RestoreTarget.Seeds),
    ];

    public static FuzzTarget? Find(string name) => All.FirstOrDefault(target => target.Name == name);

    /// <summary>Says that what must not be was, with the input, so that it can be kept.</summary>
    public static void Demand(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    public static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);
}
