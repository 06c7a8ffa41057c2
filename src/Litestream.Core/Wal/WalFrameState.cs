namespace Litestream.Wal;

/// <summary>What the verification of a frame found.</summary>
internal enum WalFrameState
{
    /// <summary>Salts and chain checksum match.</summary>
    Valid,

    /// <summary>The salts are another WAL's: an older life of the file, or a newer one.</summary>
    OtherSalts,

    /// <summary>The salts match and the checksum does not: torn, or altered.</summary>
    BrokenChecksum,
}
