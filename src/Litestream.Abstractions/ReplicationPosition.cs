using System.Globalization;

namespace Litestream;

/// <summary>
/// A place in the history of a database: the generation (one unbroken run of WAL history), the index (one life of the
/// WAL file, from header to restart) and the byte offset inside that WAL, header included.
/// </summary>
/// <remarks>Same terms as Litestream v0.3.x. Positions of different generations have no order.</remarks>
/// <param name="Generation">16 lower-case hexadecimal digits.</param>
/// <param name="Index">The index of the WAL within the generation, from 0.</param>
/// <param name="Offset">Bytes from the start of that WAL: 0, or 32 plus a multiple of the frame size.</param>
public readonly record struct ReplicationPosition(string Generation, int Index, long Offset)
{
    /// <summary>True for the default value: no position is known.</summary>
    public bool IsEmpty => string.IsNullOrEmpty(Generation);

    /// <summary>True if everything up to <paramref name="other"/> lies at or before this position.</summary>
    /// <param name="other">A position of the same generation; one of another generation is never covered.</param>
    /// <returns>False if either position is empty or the generations differ.</returns>
    public bool Covers(ReplicationPosition other) =>
        !IsEmpty
        && string.Equals(Generation, other.Generation, StringComparison.Ordinal)
        && (Index > other.Index || (Index == other.Index && Offset >= other.Offset));

    /// <summary>Prints as <c>generation/00000001:00001038</c>, index and offset in hexadecimal as in object names.</summary>
    public override string ToString() =>
        IsEmpty ? "" : string.Create(CultureInfo.InvariantCulture, $"{Generation}/{Index:x8}:{Offset:x8}");
}
