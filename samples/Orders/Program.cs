using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Orders;

// An order that was confirmed is never lost, even if the machine is, a millisecond later.
var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, OrdersJson.Default));

// Every commit to data/orders.db is copied to the folder backups/orders, or to where the setting Backup says, such as
// s3://my-bucket/orders with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.
builder.Services.AddLitestream(o => o.AddDatabase("data/orders.db", builder.Configuration["Backup"] ?? "backups/orders")).AddS3();
builder.Services.AddHealthChecks().AddLitestream();
builder.Services.AddSingleton(new OrderBook(Path.Combine(builder.Environment.ContentRootPath, "data", "orders.db")));

var app = builder.Build();

// Where data/ is gone, this brings it back. It comes before anything opens the database.
await app.RestoreLitestreamAsync();
Directory.CreateDirectory(Path.Combine(app.Environment.ContentRootPath, "data"));
await app.Services.GetRequiredService<OrderBook>().CreateAsync();

// The answer leaves once the order is in the backup; within five seconds it is that, or a 503. A thousand customers who wait
// at once share an upload.
app.MapPost("/orders", async (NewOrder order, OrderBook book, CancellationToken cancellationToken) =>
{
    if (string.IsNullOrWhiteSpace(order.Item))
    {
        return Results.BadRequest();
    }

    var added = await book.AddAsync(order.Item, cancellationToken);
    return Results.Created($"/orders/{added.Id}", added);
}).RequireReplication(o => o.Timeout = TimeSpan.FromSeconds(5));

// Changes nothing, so nobody waits.
app.MapGet("/orders", (OrderBook book, CancellationToken cancellationToken) => book.ListAsync(cancellationToken));

// Whether the orders are safe, for whoever is called when they are not; and whether this process answers, for those who
// restart it when it does not, which mends no store.
app.MapHealthChecks("/health");
app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = _ => false });

// How the backup stands: here while developing, and only under the names of this machine. docs/status-page.md says how to protect it.
if (app.Environment.IsDevelopment())
{
    app.MapLitestream("/litestream", o => o.AllowDownload = true).RequireHost("localhost", "127.0.0.1").AllowAnonymous();
}

await app.RunAsync();
