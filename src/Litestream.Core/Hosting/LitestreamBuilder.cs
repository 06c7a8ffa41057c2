using Microsoft.Extensions.DependencyInjection;

namespace Litestream.Hosting;

/// <inheritdoc/>
internal sealed class LitestreamBuilder(IServiceCollection services) : ILitestreamBuilder
{
    /// <inheritdoc/>
    public IServiceCollection Services { get; } = services;
}
