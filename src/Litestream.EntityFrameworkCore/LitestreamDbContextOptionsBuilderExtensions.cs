using Litestream;
using Litestream.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Tells EF Core's SQLite contexts of the replication.</summary>
public static class LitestreamDbContextOptionsBuilderExtensions
{
    /// <summary>
    /// Sets a busy timeout on the connections that the context opens, switches SQLite's auto-checkpoint off on them while the
    /// database is replicated, and tells the replication of each commit. All of it is convenience: without it every commit is
    /// replicated as well.
    /// </summary>
    /// <remarks>
    /// The replication is the one of <c>AddLitestream</c> on the services that the context comes from, if the options name none, the database the one
    /// whose file the context opens. If there is none, only the busy timeout is set. The first call counts.
    /// </remarks>
    /// <param name="builder">The context's options.</param>
    /// <returns>The context's options.</returns>
    public static DbContextOptionsBuilder UseLitestream(this DbContextOptionsBuilder builder) => Use(builder, configure: null);

    /// <inheritdoc cref="UseLitestream(DbContextOptionsBuilder)"/>
    /// <param name="builder">The context's options.</param>
    /// <param name="configure">Sets the options.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public static DbContextOptionsBuilder UseLitestream(this DbContextOptionsBuilder builder, Action<LitestreamSqliteOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(builder, configure);
    }

    /// <inheritdoc cref="UseLitestream(DbContextOptionsBuilder)"/>
    /// <typeparam name="TContext">The context.</typeparam>
    public static DbContextOptionsBuilder<TContext> UseLitestream<TContext>(this DbContextOptionsBuilder<TContext> builder)
        where TContext : DbContext => Use(builder, configure: null);

    /// <inheritdoc cref="UseLitestream(DbContextOptionsBuilder, Action{LitestreamSqliteOptions})"/>
    /// <typeparam name="TContext">The context.</typeparam>
    public static DbContextOptionsBuilder<TContext> UseLitestream<TContext>(
        this DbContextOptionsBuilder<TContext> builder, Action<LitestreamSqliteOptions> configure)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Use(builder, configure);
    }

    private static TBuilder Use<TBuilder>(TBuilder builder, Action<LitestreamSqliteOptions>? configure)
        where TBuilder : DbContextOptionsBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = LitestreamSqliteOptions.Create(configure);
        if (builder.Options.FindExtension<CoreOptionsExtension>()?.Interceptors?.Any(interceptor => interceptor is LitestreamInterceptor) is not true)
        {
            builder.AddInterceptors(new LitestreamInterceptor(options));
        }

        return builder;
    }
}
