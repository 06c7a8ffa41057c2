using Microsoft.Extensions.DependencyInjection;

namespace Litestream.Docs.Examples;

public sealed class Orders(AppDb db, [FromKeyedServices("app")] ILitestreamDatabase backup)
{
    public async Task AddAsync(Order order, CancellationToken cancellationToken)
    {
        db.Add(order);
        await db.SaveChangesAsync(cancellationToken);
        await backup.WaitForReplicationAsync(cancellationToken); // on every replica now
    }
}
