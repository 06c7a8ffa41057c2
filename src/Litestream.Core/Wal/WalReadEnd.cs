namespace Litestream.Wal;

/// <summary>Why a <see cref="WalReader"/> yields no further frame.</summary>
internal enum WalReadEnd
{
    /// <summary>It has not come to an end yet.</summary>
    None,

    /// <summary>The bytes ended where a frame ended.</summary>
    EndOfData,

    /// <summary>The bytes ended inside a frame; more of them may complete it.</summary>
    ShortFrame,

    /// <summary>The next frame's salts are another WAL's: an older life of the file, or a newer one.</summary>
    OtherSalts,

    /// <summary>The next frame's salts match and its checksum does not: torn, or altered.</summary>
    BrokenChecksum,
}
