namespace Litestream.Storage;

/// <summary>Looks for a trailer in the last bytes of an object.</summary>
internal delegate TrailerReading<T> TrailerTailReader<T>(ReadOnlySpan<byte> tail)
    where T : class;
