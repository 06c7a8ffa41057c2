namespace Litestream.LoadTest;

/// <summary>How the application is set up.</summary>
internal enum Variant
{
    /// <summary>Microsoft.Data.Sqlite in WAL mode, nothing else.</summary>
    Off,

    /// <summary>The same, replicated to a folder.</summary>
    On,

    /// <summary>Replicated, and its connection set up by UseLitestream.</summary>
    OnAndUsed,
}
