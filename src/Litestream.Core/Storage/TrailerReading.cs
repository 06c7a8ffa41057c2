namespace Litestream.Storage;

/// <summary>The outcome of looking for a trailer at the end of an object.</summary>
/// <param name="State">What was found.</param>
/// <param name="Trailer">The trailer; only with <see cref="TrailerState.Sound"/>.</param>
/// <param name="Length">Length in bytes of the trailer's whole skippable frame, where known; else 0.</param>
internal readonly record struct TrailerReading<T>(TrailerState State, T? Trailer = null, int Length = 0)
    where T : class;
