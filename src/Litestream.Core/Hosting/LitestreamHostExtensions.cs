using Litestream;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Extensions.Hosting;

/// <summary>What the replication adds to a host.</summary>
public static class LitestreamHostExtensions
{
    /// <summary>
    /// Restores every database whose file is missing and begins to capture, before the host starts: for applications
    /// that migrate their database between <c>Build()</c> and <c>Run()</c>. Without it the host does so when it starts.
    /// </summary>
    /// <param name="host">The application, on whose services <c>AddLitestream</c> was called.</param>
    /// <param name="cancellationToken">Gives up; nothing half restored is left.</param>
    /// <exception cref="InvalidOperationException"><c>AddLitestream</c> was not called.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options are not sound; lists everything that is wrong.</exception>
    /// <exception cref="ReplicaException">A replica could not be read, or holds a damaged backup: nothing was created.</exception>
    /// <exception cref="BackupNotFoundException">The policy is <see cref="RestorePolicy.Required"/> and there is no backup.</exception>
    public static Task RestoreLitestreamAsync(this IHost host, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(host);
        var litestream = host.Services.GetService<ILitestream>()
            ?? throw new InvalidOperationException("Call AddLitestream on the application's services before building it.");
        return litestream.RestoreMissingAsync(cancellationToken);
    }
}
