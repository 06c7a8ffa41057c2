namespace Litestream.Compare.Programs;

/// <summary>Sees segments arrive on a replica, from outside of whoever sends them.</summary>
internal interface IArrivals : IDisposable
{
    /// <summary>Those so far, in the order in which they came.</summary>
    IReadOnlyList<Arrival> Seen { get; }

    /// <summary>Opens an object.</summary>
    Task<Stream> OpenAsync(Arrival arrival);
}
