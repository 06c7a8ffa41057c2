namespace Litestream.Soak;

/// <summary>How a measure is written.</summary>
internal enum Unit
{
    Count,
    Bytes,
    Seconds,
}
