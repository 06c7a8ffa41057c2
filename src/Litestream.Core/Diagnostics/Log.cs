namespace Litestream.Diagnostics;

/// <summary>
/// Every log event of this library. Names and numbers never change once shipped, since they stand in other people's
/// alerts. Ranges: 1000 hosting, 2000 capture, 3000 replication, 4000 storage, 5000 restore; each range has a file.
/// </summary>
internal static partial class Log
{
}
