using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>What a replica's worker needs of the database it replicates. Thread-safe.</summary>
internal interface ICapturedDatabase
{
    /// <summary>Name of the database, for messages.</summary>
    string Name { get; }

    IShadow Shadow { get; }

    /// <summary>A folder of ours for spooled objects, beside the shadow; emptied at start.</summary>
    string SpoolDirectory { get; }

    /// <summary>Random for each start; goes into every trailer.</summary>
    Guid WriterId { get; }

    /// <summary>The right to read all of the database, shared with others; given back when disposed. Taken before an image.</summary>
    Task<IDisposable?> TakeHeavyTurnAsync(CancellationToken cancellationToken) => Task.FromResult<IDisposable?>(null);

    /// <summary>
    /// Opens an exact image of the database in the generation in use. The shadow holds at least what the image contains
    /// when this returns. While the image is open the WAL cannot be reset twice, so keep it short: spool first, upload later.
    /// </summary>
    Task<IDatabaseImage> OpenImageAsync(CancellationToken cancellationToken);

    /// <summary>Asks for a new generation, started at the next pass. Asking twice for the same generation starts one.</summary>
    /// <param name="generation">The generation that cannot go on; ignored if it is not in use any more.</param>
    /// <param name="reason">Why.</param>
    /// <param name="detail">In words, with the object at fault.</param>
    void RequestNewGeneration(string generation, GenerationReason reason, string detail);
}
