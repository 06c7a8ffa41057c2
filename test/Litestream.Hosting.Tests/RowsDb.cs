using Microsoft.EntityFrameworkCore;

namespace Litestream.Hosting;

public sealed class RowsDb(DbContextOptions<RowsDb> options) : DbContext(options)
{
    public DbSet<RowOfCanary> Rows => Set<RowOfCanary>();
}
