namespace Litestream.Simulation;

/// <summary>In the middle of what others get a turn.</summary>
internal enum Place
{
    /// <summary>The capture, before or after it copies.</summary>
    InCapture,

    /// <summary>A call to a store, before or after its effect.</summary>
    InStore,
}
