namespace Litestream.SideBySide;

/// <summary>What a restore came to, the best first.</summary>
internal enum Outcome
{
    /// <summary>The database is there, with everything that it has to hold.</summary>
    Right,

    /// <summary>No file, and an error.</summary>
    Refused,

    /// <summary>Success is reported, and the database is a state it once had; but not the one that it has to be.</summary>
    Older,

    /// <summary>Success is reported, and the database is one that never existed.</summary>
    Wrong,
}
