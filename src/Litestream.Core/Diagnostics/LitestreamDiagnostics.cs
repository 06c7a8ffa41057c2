namespace Litestream;

/// <summary>The names under which this library reports telemetry.</summary>
public static class LitestreamDiagnostics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Litestream";

    /// <summary>Name of the activity source.</summary>
    public const string ActivitySourceName = "Litestream";
}
