using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Litestream.Yaml;

/// <summary>Puts what there is to say about the file into the application's log, once it has one.</summary>
internal sealed class YamlRemarks(YamlFile file, ILogger logger) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var warning in file.Warnings)
        {
            logger.YamlWarning(warning);
        }

        if (file.Addr is not null || file.Exec is not null)
        {
            logger.YamlProgramKeys(file.Path);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
