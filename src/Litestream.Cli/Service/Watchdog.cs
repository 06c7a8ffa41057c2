using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;

namespace Litestream.Cli.Service;

/// <summary>
/// Tells systemd that the replication is alive (<c>WatchdogSec</c>): that it keeps its time, not that uploads succeed. A
/// store that cannot be reached is no reason to restart a process that holds what is not uploaded yet.
/// </summary>
internal sealed class Watchdog(ReplicationService service, ISystemdNotifier? systemd, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (systemd is null || Interval() is not { } interval)
        {
            return;
        }

        // Twice as often as asked for, as systemd advises.
        using var timer = new PeriodicTimer(interval / 2, time);
        do
        {
            if (IsAlive(interval))
            {
                systemd.Notify(new ServiceState("WATCHDOG=1"));
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    // While the configuration changes there is nothing to ask; that ends by itself.
    private bool IsAlive(TimeSpan interval) =>
        service.Running is not { } litestream || litestream.Databases.All(database => database.GetStatus().Overdue < interval);

    private static TimeSpan? Interval()
    {
        var process = Environment.GetEnvironmentVariable("WATCHDOG_PID");
        return (string.IsNullOrEmpty(process) || process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            && long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }
}
