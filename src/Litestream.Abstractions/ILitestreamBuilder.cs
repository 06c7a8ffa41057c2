using Microsoft.Extensions.DependencyInjection;

namespace Litestream;

/// <summary>Returned by <c>AddLitestream</c>, so that packages with more stores can add themselves.</summary>
public interface ILitestreamBuilder
{
    /// <summary>The application's services.</summary>
    IServiceCollection Services { get; }
}
