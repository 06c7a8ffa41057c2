using System.Text.Json.Serialization;

namespace Orders;

/// <summary>How the answers are written, known when it is compiled: a native executable cannot find out by reflection.</summary>
[JsonSerializable(typeof(NewOrder))]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(List<Order>))]
public sealed partial class OrdersJson : JsonSerializerContext;
