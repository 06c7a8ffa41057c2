using System.Diagnostics.Metrics;

namespace Litestream.Diagnostics;

/// <summary>Makes a meter that nobody else listens to.</summary>
internal sealed class LoneMeterFactory : IMeterFactory
{
    public Meter Create(MeterOptions options) => new("Litestream, of a test that wants to be alone");

    public void Dispose()
    {
    }
}
