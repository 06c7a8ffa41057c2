namespace Litestream.Storage;

/// <summary>What was found at the end of an object.</summary>
internal enum TrailerState
{
    /// <summary>No trailer: Litestream's own object, or one that was cut.</summary>
    None,

    /// <summary>A trailer that passed its checksum.</summary>
    Sound,

    /// <summary>A sound trailer of a later version of this library. The object is to be read as if it had none.</summary>
    NewerVersion,

    /// <summary>The remains of a trailer, or one that belongs elsewhere. The object may be damaged too.</summary>
    Damaged,

    /// <summary>The trailer begins before the bytes that were looked at: <see cref="TrailerReading{T}.Length"/> says how many are needed.</summary>
    Longer,
}
