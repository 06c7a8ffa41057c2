namespace Litestream.Compare.Measuring;

/// <summary>What a process cost.</summary>
/// <param name="ProcessorSeconds">User and system.</param>
/// <param name="PeakMemory">Largest resident size, in bytes.</param>
/// <param name="PeakDisk">Most that it held on disk beside its result, in bytes; null if not looked at.</param>
internal readonly record struct Cost(double ProcessorSeconds, long PeakMemory, long? PeakDisk = null);
