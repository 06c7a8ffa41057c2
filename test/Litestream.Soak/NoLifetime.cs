using Microsoft.Extensions.Hosting;

namespace Litestream.Soak;

/// <summary>Leaves the signals to the process.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
