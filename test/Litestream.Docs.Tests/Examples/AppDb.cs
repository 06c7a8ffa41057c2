using Microsoft.EntityFrameworkCore;

namespace Litestream.Docs.Examples;

public sealed class AppDb(DbContextOptions<AppDb> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();
}
