using System.Runtime.InteropServices;
using Litestream.Yaml;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace Litestream.Cli.Service;

/// <summary>
/// Starts the replication, the metrics and the program beside it; takes up a changed configuration on SIGHUP; stops in the
/// order program, last upload.
/// </summary>
internal sealed class ReplicationService(
    YamlFile first,
    Func<YamlFile> read,
    string? exec,
    IHostApplicationLifetime lifetime,
    ISystemdNotifier? systemd,
    ILoggerFactory loggers) : IHostedService, IDisposable
{
    private readonly ILogger _logger = loggers.CreateLogger("Litestream.Cli");

    // One start, reload or stop at a time.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly MetricsEndpoint _metrics = new();
    private PosixSignalRegistration? _hangUp;
    private Replication? _replication;
    private ExecProgram? _program;
    private Task? _programEnd;
    private bool _stopping;

    /// <summary>1 if the program beside us failed.</summary>
    public int ExitCode { get; private set; }

    /// <summary>What runs now; null before the start and while the configuration changes.</summary>
    public ILitestream? Running { get; private set; }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var version = typeof(ReplicationService).Assembly.GetName().Version?.ToString(3) ?? "";
        _logger.Started(version);
        try
        {
            await BeginAllAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await StopAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_program is { } program && _programEnd is { } end)
        {
            if (!program.Exit.IsCompleted)
            {
                _logger.ProgramAskedToEnd(program.Id);
                program.AskToEnd();
            }

            await end.ConfigureAwait(false);
        }

        // The process outlives this: a hang-up from now on is taken and ignored, not fatal.
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            _stopping = true;
            Running = null;
            if (_replication is { } replication)
            {
                _logger.Stopping();
                await replication.StopAsync().ConfigureAwait(false);
                await replication.DisposeAsync().ConfigureAwait(false);
                _replication = null;
            }

            await _metrics.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }

        _logger.Stopped();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hangUp?.Dispose();
        _program?.Dispose();
        _turn.Dispose();
    }

    private async Task BeginAllAsync(CancellationToken cancellationToken)
    {
        _replication = Replication.Create(first, loggers);
        await BeginAsync(_replication, cancellationToken).ConfigureAwait(false);
        if (first.Addr is { Length: > 0 } addr)
        {
            var url = _metrics.Listen(addr);
            _logger.MetricsServed(url);
        }

        if (!OperatingSystem.IsWindows())
        {
            _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
            {
                context.Cancel = true;
                _ = Task.Run(ReloadAsync, CancellationToken.None);
            });
        }

        if ((string.IsNullOrEmpty(exec) ? first.Exec : exec) is { Length: > 0 } command)
        {
            _program = ExecProgram.Start(command);
            _logger.ProgramStarted(command, _program.Id);
            _programEnd = FollowAsync(_program);
        }
    }

    private async Task BeginAsync(Replication replication, CancellationToken cancellationToken)
    {
        _metrics.Watch(replication);
        await replication.StartAsync(cancellationToken).ConfigureAwait(false);
        Running = replication.Litestream;
        if (replication.File.Databases.Count == 0)
        {
            _logger.NoDatabases(replication.File.Path);
        }
        else
        {
            _logger.Replicating(replication.File.Databases.Count, replication.File.Path);
        }
    }

    // Anything wrong with the new file leaves everything as it is.
    private async Task ReloadAsync()
    {
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        Replication? next = null;
        try
        {
            if (_stopping || _replication is not { } old)
            {
                return;
            }

            _logger.Reloading(old.File.Path);
            systemd?.Notify(new ServiceState(string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={Environment.TickCount64 * 1000}")));
            next = Replication.Create(read(), loggers);
            _ = next.Litestream.Databases;

            Running = null;
            await old.StopAsync().ConfigureAwait(false);
            await old.DisposeAsync().ConfigureAwait(false);
            (_replication, next) = (next, null);
            await BeginAsync(_replication, CancellationToken.None).ConfigureAwait(false);
            _logger.Reloaded();
        }
#pragma warning disable CA1031 // On a signal nobody waits for: the log is where it can be said.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (Running is null)
            {
                // Stopped the old, could not start the new: not to replicate must not look like replicating.
                _logger.ReloadFatal(exception.Message);
                ExitCode = LitestreamCommandLine.Failure;
                lifetime.StopApplication();
            }
            else
            {
                _logger.ReloadRefused(exception.Message);
            }
        }
        finally
        {
            if (next is not null)
            {
                await next.DisposeAsync().ConfigureAwait(false);
            }

            systemd?.Notify(ServiceState.Ready);
            _turn.Release();
        }
    }

    private async Task FollowAsync(ExecProgram program)
    {
        var exitCode = await program.Exit.ConfigureAwait(false);
        _logger.ProgramEnded(exitCode);

        // Ended by the signal that we passed on, it did as it was told.
        if (exitCode != 0 && !(program.WasAskedToEnd && exitCode is 128 + ExecProgram.SignalInterrupt or 128 + ExecProgram.SignalTerminate))
        {
            ExitCode = LitestreamCommandLine.Failure;
        }

        lifetime.StopApplication();
    }
}
